-- What format 2 of the catalog has beside format 1: where the thumbnail of a row is in the pack of its segment.
CREATE TABLE thumb (
  item INTEGER PRIMARY KEY REFERENCES item (id),
  offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  crc32c INTEGER NOT NULL
) STRICT;
