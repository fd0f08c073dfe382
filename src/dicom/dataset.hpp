#pragma once
// A DICOM object parsed by DCMTK. Included inside src/dicom only: the one header that shows DCMTK's types.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/structure.hpp"
#include "dicom/transfer_syntax.hpp"

namespace mi2::dicom {

/// The dataset of a file and how it was written.
struct Object {
  std::unique_ptr<DcmDataset> data;
  TransferSyntax syntax;
  E_TransferSyntax dcmtk_syntax = EXS_Unknown;
};

/// @param max_inflated  bytes a deflated dataset may grow to.
/// @throws Error{kBadFile} not DICOM or broken, {kUnsupported} the transfer syntax, {kTooLarge}.
Object load_object(Bytes file, std::uint64_t max_inflated, std::string_view name);

/// Fills the dictionary's gaps, silences the log, registers the codecs; once for the process, from any thread.
void prepare_dcmtk();

/// The first value of an element as a number, whatever its VR. nullopt: absent, empty, not a finite number.
std::optional<double> number(DcmItem& item, const DcmTagKey& key);

/// As number(), for whole numbers of 16 bits, as they are in US and SS. nullopt also if it does not fit 0..65535.
std::optional<std::uint32_t> word(DcmItem& item, const DcmTagKey& key);

/// The first value as text without surrounding blanks; empty if absent.
std::string text(DcmItem& item, const DcmTagKey& key);

/// Item `index` of a sequence; nullptr if there is none.
DcmItem* sequence_item(DcmItem& item, const DcmTagKey& key, std::uint32_t index);

/// The item of a functional group that holds for frame `frame` (0-based): its own, else the shared one; nullptr if
/// there is neither. PS3.3 C.7.6.16.
DcmItem* functional_group(DcmItem& data, std::uint64_t frame, const DcmTagKey& group);

/// All 16-bit values of an element (US, SS or OW), as unsigned; empty if absent.
std::vector<std::uint16_t> words(DcmItem& item, const DcmTagKey& key);

}  // namespace mi2::dicom
