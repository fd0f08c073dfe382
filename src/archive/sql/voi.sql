-- What format 6 of the catalog has beside format 5: in an archive of several windows through which one a row of an image
-- was seen. Rows of one frame have one picture: the number of the row that was the first of them.
CREATE TABLE voi (
  item INTEGER PRIMARY KEY REFERENCES item (id),
  picture INTEGER NOT NULL,
  name TEXT NOT NULL
) STRICT;
-- Rows of localisers (scouts), which the mean of a series is not made of.
CREATE TABLE localizer (item INTEGER PRIMARY KEY REFERENCES item (id)) STRICT;
