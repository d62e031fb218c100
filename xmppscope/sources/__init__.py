"""Sources: where bytes come from (files, standard input) and how they become a timeline."""
