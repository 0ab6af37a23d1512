"""Commands that ask or mend a pool's table; laneway-table is imported by them alone."""
