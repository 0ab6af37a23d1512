"""Tables that speak SQL: statements, migrations, and the two dialects."""
