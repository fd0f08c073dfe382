#include "dicom/results/sr_content.hpp"

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmsr/codes/dcm.h>
#include <dcmtk/dcmsr/codes/sct.h>
#include <dcmtk/dcmsr/codes/umls.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "dicom/results/codes.hpp"
#include "dicom/results/dataset.hpp"
#include "dicom/results/uid.hpp"

namespace mi2::dicom::results {
namespace {

constexpr std::string_view kWhat = "SR";

OFString to_of(std::string_view text) { return OFString(text.data(), text.size()); }

/// TID 1204, 1001 and 1500 row 4: the language, who observed, and what.
void add_context(Content& content, const Report& report) {
  const auto modifies = DSRTypes::RT_hasConceptMod;
  const auto context = DSRTypes::RT_hasObsContext;
  content.code(modifies, CODE_DCM_LanguageOfContentItemAndDescendants, DSRCodedEntryValue("en", "RFC5646", "English"));
  content.code(context, CODE_DCM_ObserverType, CODE_DCM_Device);
  content.uid(context, CODE_DCM_DeviceObserverUID, uid_of(fmt::format("mi2 {}", report.version)));
  content.text(context, CODE_DCM_DeviceObserverName, kProduct);
  content.text(context, CODE_DCM_DeviceObserverManufacturer, kProduct);
  content.text(context, CODE_DCM_DeviceObserverModelName, fmt::format("mi2 {}", report.version));
  content.code(modifies, CODE_DCM_ProcedureReported, CODE_SCT_ImagingProcedure);
}

void declare_scheme(DSRDocument& document) {
  DSRCodingSchemeIdentificationList& schemes = document.getCodingSchemeIdentification();
  require(schemes.addItem(to_of(kScheme)), kWhat);
  require(schemes.setCodingSchemeUID(to_of(uid_of("mi2 coding scheme 99MI2"))), kWhat);
  require(schemes.setCodingSchemeName(to_of(kSchemeName)), kWhat);
  require(schemes.setCodingSchemeResponsibleOrganization(to_of(kProduct)), kWhat);
}

}  // namespace

DSRCodedEntryValue own_code(std::string_view value) {
  return DSRCodedEntryValue(to_of(value), to_of(kScheme), to_of(meaning_of(value)));
}

void Content::open(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, const char* tid) {
  add(how, DSRTypes::VT_Container, name);
  if (tid != nullptr) {
    require(item().setTemplateIdentification(tid, "DCMR", UID_DICOMContentMappingResource), kWhat);
  }
  first_ = true;
}

void Content::close() {
  if (!first_ && tree_.gotoParent() == 0) throw Error(Code::kInternal, "SR: no container to close");
  first_ = false;
}

void Content::code(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, const DSRCodedEntryValue& value) {
  add(how, DSRTypes::VT_Code, name);
  require(item().setCodeValue(value), kWhat);
}

void Content::text(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, std::string_view value) {
  add(how, DSRTypes::VT_Text, name);
  require(item().setStringValue(to_of(value)), kWhat);
}

void Content::number(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, double value) {
  std::string digits;
  base::append_number(digits, value);
  text(how, name, digits);
}

void Content::uid(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, std::string_view value) {
  add(how, DSRTypes::VT_UIDRef, name);
  require(item().setStringValue(to_of(value)), kWhat);
}

/// With a name everywhere: OHIF 3.12 shows no report that has an item without one.
void Content::image(const DSRImageReferenceValue& value) {
  add(DSRTypes::RT_contains, DSRTypes::VT_Image, DSRCodedEntryValue("260753009", "SCT", "Source"));
  require(item().setImageReference(value), kWhat);
}

void Content::add(DSRTypes::E_RelationshipType how, DSRTypes::E_ValueType what, const DSRCodedEntryValue& name) {
  require(first_ ? tree_.addChildContentItem(how, what, name) : tree_.addContentItem(how, what, name), kWhat);
  first_ = false;
}

bool refer(const ObjectName& of, Referred& to) {
  if (of.series_uid.empty()) return false;
  to.series_uid = of.series_uid;
  if (of.sop_uid.empty() && of.sop_class_uid.empty()) return true;
  to.image = DSRImageReferenceValue(to_of(of.sop_class_uid), to_of(of.sop_uid));
  if (!to.image.isComplete()) return false;  // not the identifiers of an image
  if (of.frame > 0) to.image.getFrameList().addItem(static_cast<Sint32>(of.frame));
  return true;
}

void begin_report(DSRDocument& document, Content& content, std::string_view title, const Report& about) {
  require(document.createNewDocument(DSRTypes::DT_EnhancedSR), kWhat);
  declare_scheme(document);
  // A title of our own, as CID 7021 allows: OHIF 3.12 and 3.13 open a report that is titled Imaging Measurement Report
  // only if each group has a region, and show the words of others.
  content.open(DSRTypes::RT_isRoot, own_code(title), "1500");
  add_context(content, about);
}

void add_library(Content& content, std::span<const Referred> all) {
  const auto contains = DSRTypes::RT_contains;
  content.open(contains, CODE_DCM_ImageLibrary, "1600");
  content.open(contains, CODE_DCM_ImageLibraryGroup);
  std::vector<OFString> seen;
  for (const Referred& one : all) {
    const OFString& uid = one.image.getSOPInstanceUID();
    if (one.is_series() || std::find(seen.begin(), seen.end(), uid) != seen.end()) continue;
    seen.push_back(uid);
    content.image(DSRImageReferenceValue(one.image.getSOPClassUID(), uid));
  }
  content.close();
  content.close();
}

void add_referred(Content& content, const Referred& one) {
  if (one.is_series()) {
    content.uid(DSRTypes::RT_contains, CODE_DCM_SeriesInstanceUID, one.series_uid);
  } else {
    content.image(one.image);
  }
}

void add_about(Content& content, const Report& about, const StudyHeader& study) {
  const auto contains = DSRTypes::RT_contains;
  content.open(contains, CODE_UMLS_QualitativeEvaluations);
  content.text(contains, own_code("use"), kResearchUse);
  for (const std::string& line : about.asked) content.text(contains, own_code("asked"), fitting(line, study));
  for (const auto& [code, text] : about.facts) {
    if (!text.empty()) content.text(contains, own_code(code), fitting(text, study));
  }
  content.close();
}

ResultObject end_report(DSRDocument& document, const Report& about, const StudyHeader& study, const ReportKind& kind,
                        std::span<const Referred> all, std::size_t wanted) {
  for (const Referred& one : all) {
    if (one.is_series()) continue;
    require(
        document.getCurrentRequestedProcedureEvidence().addItem(
            to_of(study.study_uid), to_of(one.series_uid), one.image.getSOPClassUID(), one.image.getSOPInstanceUID()),
        kWhat);
  }
  ResultObject object;
  object.kind = "SR";
  object.sop_class_uid = UID_EnhancedSRStorage;
  object.findings = all.size();
  object.left_out = wanted - all.size();
  name_object(object, about, study, kind.name);
  if (object.left_out == 0) {
    require(document.completeDocument(), kWhat);
  } else {
    require(
        document.setCompletionFlagDescription(to_of(fmt::format("{} of {} results in this study", all.size(), wanted))),
        kWhat);
  }

  DcmDataset data;
  require(document.write(data), kWhat);
  delete data.remove(DCM_InstanceCreatorUID);
  put(data, DCM_SeriesNumber, EVR_IS, kind.series);
  put_common(data, object, about, study, kind.description);
  object.file = file_of(data);
  return object;
}

}  // namespace mi2::dicom::results
