#!/bin/sh
# Läuft einmal, wenn PostgreSQL seinen leeren Ordner einrichtet. Jeder Dienst hat ein eigenes Konto ohne besondere Rechte und
# erreicht nur seine eigenen Datenbanken: Wer den Anmeldedienst übernimmt, liest nicht das Protokoll.
set -e
export PFORTE_DB_PASSWORD KEYCLOAK_DB_PASSWORD
psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres <<'SQL'
\getenv pforte PFORTE_DB_PASSWORD
\getenv keycloak KEYCLOAK_DB_PASSWORD
CREATE ROLE pforte LOGIN PASSWORD :'pforte';
CREATE ROLE keycloak LOGIN PASSWORD :'keycloak';
CREATE DATABASE pforte OWNER pforte;
CREATE DATABASE protokoll OWNER pforte;
CREATE DATABASE keycloak OWNER keycloak;
REVOKE ALL ON DATABASE pforte, protokoll, keycloak, postgres, template1 FROM PUBLIC;
SQL
