#pragma once
// The steps that recipes may name: steps.cpp is the table.

#include "recipe/step.hpp"

namespace mi2::recipe {

/// Ages such as 058Y, 006M, 003W and 010D, and plain numbers, in the column `age`: years. What is none of these, or is
/// over 120 years, becomes empty and is counted.
void years(Job& job, Rows& rows);

/// LIDC-IDRI: a row for each tile of 5 x 5 of the slices that readers marked, and the tile as a PNG. Settings `readers`
/// and `background`.
void lidc_tiles(Job& job, Rows& rows);

/// A row for one or several slices of each CT and MR series, found by DICOM tags, with the text of what it says of
/// itself. Settings `slices` and `text`.
void dicom_series(Job& job, Rows& rows);

/// UPENN-GBM: fills `sex` and `age` that are empty from the clinical table, by `patient`.
void upenn_people(Job& job, Rows& rows);

/// PatchCamelyon: a row for each patch of its HDF5 files, and the patch as a PNG. Setting `limit`.
void pcam_patches(Job& job, Rows& rows);

/// Keeps frontal images: by the column `view`, else by `view_words`; counts which of them said so. Where the setting
/// `images` names an ending and a file of it is there, that is the row's.
void mimic_views(Job& job, Rows& rows);
/// Sets `age` from `anchor_age` in `anchor_year` and the `date` of the study.
void mimic_age(Job& job, Rows& rows);
/// Sets `findings` and `impression` from the report of `study`, as the settings `sections`, `texts` and `gaps` say.
void mimic_sections(Job& job, Rows& rows);

/// Makes of each patient's row one per eye, with its one keyword as `label` and the published way of splitting in
/// `published_split`.
void odir_keywords(Job& job, Rows& rows);

/// Sets `label` to the text of an IRMA code's anatomy and direction, `irma_code`, `file`, and `name` for the row.
void irma_texts(Job& job, Rows& rows);

}  // namespace mi2::recipe
