-- Läuft einmal, wenn PostgreSQL seinen leeren Ordner einrichtet. Die Datenbank „pforte“ gibt es dann schon.
CREATE DATABASE protokoll OWNER pforte;
CREATE DATABASE keycloak OWNER pforte;
