-- What format 3 of the catalog has beside format 2: by what copies of a picture are found (mi2::Fingerprint).
CREATE TABLE pixels (
  item INTEGER PRIMARY KEY REFERENCES item (id),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  blank INTEGER NOT NULL CHECK (blank IN (0, 1)),
  dhash INTEGER
) STRICT;
CREATE INDEX pixels_sha256 ON pixels (sha256);
