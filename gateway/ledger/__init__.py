"""The gateway's hand on the ledger: facts in, receipts out. The ledger itself is the house next door (`audit`)."""
