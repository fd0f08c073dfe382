-- What format 4 of the catalog has beside schema.sql: patients, objects, where they lie, and rows. Most of a catalog is in these
-- tables, so each text and hash is in them once, in as few bytes as it takes.

CREATE TABLE patient (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  identifier TEXT,
  alias_of INTEGER REFERENCES patient (id),
  birth_year INTEGER,
  sex TEXT
) STRICT;

-- Paths and locators up to their last slash, with it.
CREATE TABLE folder (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE) STRICT;

-- What many objects have in common.
CREATE TABLE lot (
  id INTEGER PRIMARY KEY,
  source INTEGER REFERENCES source (id),
  sop_class TEXT,
  transfer_syntax TEXT,
  frames INTEGER NOT NULL,
  slices TEXT NOT NULL
) STRICT;

-- sop_uid is packed (archive/packed.hpp). stamp says without reading the object's file whether it is still the one it
-- was; NULL: it is to be read again.
CREATE TABLE instance (
  id INTEGER PRIMARY KEY,
  sop_uid BLOB,
  series INTEGER,
  number INTEGER,
  lot INTEGER NOT NULL REFERENCES lot (id),
  folder INTEGER NOT NULL REFERENCES folder (id),
  name TEXT NOT NULL,
  stamp INTEGER,
  file_sha256 BLOB NOT NULL,
  deleted_seq INTEGER
) STRICT;
CREATE UNIQUE INDEX instance_sop ON instance (sop_uid) WHERE sop_uid IS NOT NULL AND deleted_seq IS NULL;
CREATE INDEX instance_place ON instance (folder, name);

-- Every other file that was ever looked at and read, so that it need not be read again.
CREATE TABLE file (
  folder INTEGER NOT NULL REFERENCES folder (id),
  name TEXT NOT NULL,
  stamp INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  instance INTEGER REFERENCES instance (id),
  outcome TEXT NOT NULL,
  slices TEXT NOT NULL,
  PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_instance ON file (instance) WHERE instance IS NOT NULL;

-- Another object with the identifier of one that is in the archive, which was kept.
CREATE TABLE conflict (
  locator TEXT PRIMARY KEY,
  sop_uid BLOB NOT NULL,
  file_sha256 TEXT NOT NULL,
  kept TEXT NOT NULL,
  kept_sha256 TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- id is the number of the row in the vectors' files. kind NULL: an image, as nearly all are. pixels is half of
-- Fingerprint::pixels_sha256: 128 bits, so that no two pictures have the same by chance, nor by less than 2^64 trials.
CREATE TABLE item (
  id INTEGER PRIMARY KEY,
  kind TEXT CHECK (kind IN ('series', 'erasing', 'erased')),
  instance INTEGER,
  series INTEGER,
  frame INTEGER,
  position REAL,
  space INTEGER REFERENCES space (id),
  crc32c INTEGER NOT NULL,
  pooled_from INTEGER,
  added_seq INTEGER NOT NULL,
  deleted_seq INTEGER,
  pixels BLOB CHECK (length(pixels) = 16),
  blank INTEGER CHECK (blank IN (0, 1)),
  dhash INTEGER
) STRICT;
CREATE INDEX item_mean ON item (series) WHERE kind = 'series';
CREATE INDEX item_pixels ON item (substr(pixels, 1, 3)) WHERE pixels IS NOT NULL;

-- Where the images of a series lie, or of an object without one (owner is its id, negative): among the rows from `first`
-- to `last`. A series is added in a piece or a few, so this takes the place of indexes of item by series and instance.
CREATE TABLE run (owner INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (owner, first))
  STRICT, WITHOUT ROWID;
-- A run takes in a row that is up to 32 behind it. So no two of one owner overlap, in whatever order rows come.
CREATE TRIGGER item_run AFTER INSERT ON item WHEN new.instance IS NOT NULL BEGIN
  UPDATE run SET last = new.id WHERE owner = coalesce(new.series, -new.instance) AND last BETWEEN new.id - 32 AND new.id - 1
    AND first = (SELECT max(first) FROM run WHERE owner = coalesce(new.series, -new.instance) AND first <= new.id);
  INSERT INTO run (owner, first, last) SELECT coalesce(new.series, -new.instance), new.id, new.id WHERE NOT EXISTS
    (SELECT 1 FROM run WHERE owner = coalesce(new.series, -new.instance) AND first <= new.id AND last >= new.id);
END;
