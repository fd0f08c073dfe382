-- What all formats of the catalog of an archive have; objects.sql has the rest of format 4, tiles.sql of 5,
-- voi.sql and label.sql of 6. docs/archive.md says what the tables mean.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  url TEXT NOT NULL UNIQUE,
  cursor TEXT,
  last_error TEXT,
  added TEXT NOT NULL
) STRICT;

CREATE TABLE study (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  patient INTEGER REFERENCES patient (id),
  date TEXT,
  accession_hash TEXT,
  accession TEXT,
  description TEXT,
  site TEXT
) STRICT;
CREATE INDEX study_uid ON study (uid);
CREATE INDEX study_patient ON study (patient);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  study INTEGER NOT NULL REFERENCES study (id),
  modality TEXT,
  body_part TEXT,
  laterality TEXT,
  protocol TEXT,
  description TEXT,
  manufacturer TEXT,
  model TEXT,
  station TEXT,
  software TEXT,
  field_strength REAL,
  kvp REAL,
  kernel TEXT,
  contrast TEXT,
  thickness REAL,
  image_type TEXT,
  frame_of_reference TEXT,
  plane TEXT,
  UNIQUE (study, uid)
) STRICT;
CREATE INDEX series_uid ON series (uid);

CREATE TABLE space (
  id INTEGER PRIMARY KEY,
  weights_sha256 TEXT NOT NULL,
  profile TEXT NOT NULL,
  dtype TEXT NOT NULL,
  mi2_version TEXT NOT NULL,
  instructions TEXT NOT NULL,
  state TEXT NOT NULL,
  UNIQUE (weights_sha256, profile, dtype, mi2_version, instructions)
) STRICT;

CREATE TABLE refused (
  locator TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- seq is the number of a snapshot.
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  what TEXT NOT NULL,
  rows INTEGER NOT NULL
) STRICT;

-- Cosines between what does not belong together, by which a score is judged. In order within a kind.
CREATE TABLE background (
  kind TEXT NOT NULL,
  place INTEGER NOT NULL,
  score REAL NOT NULL,
  PRIMARY KEY (kind, place)
) STRICT, WITHOUT ROWID;
