"""Finding out who a pseudonym is: two people, each in their own browser, each with their own key."""
