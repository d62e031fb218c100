"""The viewer: one page of plain HTML, CSS and ES modules (`static/`), and what makes a report of it."""
