-- Labels as format 6 of the catalog has them: each is of one row, object, series or study, of which somebody (by) says
-- one value for a key. Replicas of a shared archive know it by its number.
CREATE TABLE label (
  id INTEGER PRIMARY KEY,
  item INTEGER REFERENCES item (id),
  instance INTEGER,
  series INTEGER REFERENCES series (id),
  study INTEGER REFERENCES study (id),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  by TEXT NOT NULL,
  score REAL,
  at TEXT NOT NULL,
  CHECK ((item IS NOT NULL) + (instance IS NOT NULL) + (series IS NOT NULL) + (study IS NOT NULL) = 1)
) STRICT;
CREATE INDEX label_key ON label (key, value);
CREATE UNIQUE INDEX label_item ON label (item, key, by) WHERE item IS NOT NULL;
CREATE UNIQUE INDEX label_instance ON label (instance, key, by) WHERE instance IS NOT NULL;
CREATE UNIQUE INDEX label_series ON label (series, key, by) WHERE series IS NOT NULL;
CREATE UNIQUE INDEX label_study ON label (study, key, by) WHERE study IS NOT NULL;
