-- Of what was erased nothing is left but the number of its row.
DELETE FROM label WHERE item IN (SELECT id FROM item WHERE kind = 'erasing')
  OR instance IN (SELECT id FROM instance WHERE deleted_seq IS NOT NULL);
DELETE FROM thumb WHERE item IN (SELECT id FROM item WHERE kind = 'erasing');
DELETE FROM tile WHERE item IN (SELECT id FROM item WHERE kind = 'erasing');
DELETE FROM voi WHERE item IN (SELECT id FROM item WHERE kind = 'erasing');
DELETE FROM localizer WHERE item IN (SELECT id FROM item WHERE kind = 'erasing');
UPDATE item SET kind = 'erased', instance = NULL, series = NULL, frame = NULL, position = NULL,
  pooled_from = NULL, pixels = NULL, blank = NULL, dhash = NULL WHERE kind = 'erasing';
DELETE FROM refused WHERE locator IN (SELECT folder.path || instance.name FROM instance
  JOIN folder ON folder.id = instance.folder WHERE instance.deleted_seq IS NOT NULL);
-- Where a server has it, a locator names the study.
WITH gone AS (SELECT uid FROM study WHERE id IN (SELECT series.study FROM instance
    JOIN series ON series.id = instance.series WHERE instance.deleted_seq IS NOT NULL)
  AND id NOT IN (SELECT series.study FROM instance
    JOIN series ON series.id = instance.series WHERE instance.deleted_seq IS NULL))
DELETE FROM refused WHERE locator LIKE 'dicomweb:%'
  AND EXISTS (SELECT 1 FROM gone WHERE instr(locator || '/', '/studies/' || gone.uid || '/') > 0);
DELETE FROM conflict WHERE kept IN (SELECT folder.path || instance.name FROM instance
    JOIN folder ON folder.id = instance.folder WHERE instance.deleted_seq IS NOT NULL)
  OR sop_uid IN (SELECT sop_uid FROM instance WHERE deleted_seq IS NOT NULL);
DELETE FROM file WHERE instance IN (SELECT id FROM instance WHERE deleted_seq IS NOT NULL);
-- Slices that were not chosen: nothing says of which study. They are looked at again in any case.
DELETE FROM file WHERE outcome = 'unselected';
-- The numbers of objects are not given again: others may have read one, and mean what it was of.
INSERT INTO meta (key, value) SELECT 'instances', coalesce(max(id), 0) FROM instance WHERE true
  ON CONFLICT (key) DO UPDATE SET value = max(CAST(meta.value AS INTEGER), CAST(excluded.value AS INTEGER));
DELETE FROM instance WHERE deleted_seq IS NOT NULL;
DELETE FROM lot WHERE id NOT IN (SELECT lot FROM instance);
DELETE FROM folder WHERE NOT EXISTS (SELECT 1 FROM instance WHERE instance.folder = folder.id)
  AND NOT EXISTS (SELECT 1 FROM file WHERE file.folder = folder.id);
DELETE FROM label WHERE series NOT IN (SELECT series FROM instance WHERE series IS NOT NULL);
DELETE FROM series WHERE id NOT IN (SELECT series FROM instance WHERE series IS NOT NULL)
  AND id NOT IN (SELECT series FROM item WHERE series IS NOT NULL);
DELETE FROM run WHERE owner > 0 AND owner NOT IN (SELECT id FROM series)
  OR owner < 0 AND -owner NOT IN (SELECT id FROM instance);
DELETE FROM label WHERE study NOT IN (SELECT study FROM series);
DELETE FROM study WHERE id NOT IN (SELECT study FROM series);
DELETE FROM patient WHERE NOT EXISTS (SELECT 1 FROM study WHERE study.patient = patient.id)
  AND NOT EXISTS (SELECT 1 FROM patient AS other WHERE other.alias_of = patient.id);
