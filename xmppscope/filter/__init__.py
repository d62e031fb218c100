"""The filter language of ``--filter``: an expression becomes a function over entries, a selection keeps what matches.

`compile.compile_filter` makes the function, `context.Selection` applies it to the records of a timeline, `page.page` is
its reference (docs/reference/filter.md). Nothing is imported here, so that only who filters loads lark, and lxml only
where an expression looks into the XML.
"""
