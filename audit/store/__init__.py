"""SQL of the ledger: tables, connections, migrations. Nothing outside ``audit`` imports this room."""
