-- Of what was erased nothing is left but the number of its row.
DELETE FROM label WHERE item IN (SELECT id FROM item WHERE kind = 'erasing');
DELETE FROM thumb WHERE item IN (SELECT id FROM item WHERE kind = 'erasing');
UPDATE item SET kind = 'erased', instance = NULL, series = NULL, frame = NULL, position = NULL, pooled_from = NULL
  WHERE kind = 'erasing';
DELETE FROM refused WHERE locator IN (SELECT locator FROM instance WHERE deleted_seq IS NOT NULL);
DELETE FROM conflict WHERE kept IN (SELECT locator FROM instance WHERE deleted_seq IS NOT NULL)
  OR sop_uid IN (SELECT sop_uid FROM instance WHERE deleted_seq IS NOT NULL);
DELETE FROM file WHERE instance IN (SELECT id FROM instance WHERE deleted_seq IS NOT NULL);
-- Slices that were not chosen: nothing says of which study. They are looked at again in any case.
DELETE FROM file WHERE outcome = 'unselected';
DELETE FROM instance WHERE deleted_seq IS NOT NULL;
DELETE FROM label WHERE series IN
  (SELECT id FROM series WHERE NOT EXISTS (SELECT 1 FROM instance WHERE instance.series = series.id));
DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM instance WHERE instance.series = series.id)
  AND NOT EXISTS (SELECT 1 FROM item WHERE item.series = series.id);
DELETE FROM label WHERE study IN
  (SELECT id FROM study WHERE NOT EXISTS (SELECT 1 FROM series WHERE series.study = study.id));
DELETE FROM study WHERE NOT EXISTS (SELECT 1 FROM series WHERE series.study = study.id);
DELETE FROM patient WHERE NOT EXISTS (SELECT 1 FROM study WHERE study.patient = patient.id)
  AND NOT EXISTS (SELECT 1 FROM patient AS other WHERE other.alias_of = patient.id);
