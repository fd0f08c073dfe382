#include "dicom/describe.hpp"

#include <algorithm>
#include <array>

#include "base/utf8.hpp"
#include "dicom/dataset.hpp"

namespace mi2::dicom {
namespace {

constexpr Tag kCharacterSet = 0x00080005, kImageType = 0x00080008, kStudyDate = 0x00080020, kAccession = 0x00080050,
              kManufacturer = 0x00080070, kReferringName = 0x00080090, kStation = 0x00081010,
              kStudyDescription = 0x00081030, kSeriesDescription = 0x0008103E, kModel = 0x00081090,
              kPatientName = 0x00100010, kPatientId = 0x00100020, kIssuer = 0x00100021, kBirthDate = 0x00100030,
              kSex = 0x00100040, kOtherIds = 0x00101000, kOtherNames = 0x00101001, kAge = 0x00101010,
              kContrast = 0x00180010, kBodyPart = 0x00180015, kThickness = 0x00180050, kKvp = 0x00180060,
              kFieldStrength = 0x00180087, kSoftware = 0x00181020, kProtocol = 0x00181030, kKernel = 0x00181210,
              kFrameOfReference = 0x00200052, kLaterality = 0x00200060, kImageLaterality = 0x00200062;

/// Ascending. Rows and the pixels, at which reading ends, are among them.
constexpr std::array kDescribing = std::to_array<Attribute>({
    {kCharacterSet, Kind::kText},
    {kImageType, Kind::kText},
    {tags::kSopClass, Kind::kText},
    {tags::kSopInstance, Kind::kText},
    {kStudyDate, Kind::kText},
    {kAccession, Kind::kText},
    {tags::kModality, Kind::kText},
    {kManufacturer, Kind::kText},
    {kReferringName, Kind::kText},
    {kStation, Kind::kText},
    {kStudyDescription, Kind::kText},
    {kSeriesDescription, Kind::kText},
    {kModel, Kind::kText},
    {kPatientName, Kind::kText},
    {kPatientId, Kind::kText},
    {kIssuer, Kind::kText},
    {kBirthDate, Kind::kText},
    {kSex, Kind::kText},
    {kOtherIds, Kind::kText},
    {kOtherNames, Kind::kText},
    {kAge, Kind::kText},
    {kContrast, Kind::kText},
    {kBodyPart, Kind::kText},
    {kThickness, Kind::kDecimal},
    {kKvp, Kind::kDecimal},
    {kFieldStrength, Kind::kDecimal},
    {kSoftware, Kind::kText},
    {kProtocol, Kind::kText},
    {kKernel, Kind::kText},
    {tags::kStudy, Kind::kText},
    {tags::kSeries, Kind::kText},
    {kFrameOfReference, Kind::kText},
    {kLaterality, Kind::kText},
    {kImageLaterality, Kind::kText},
    {tags::kRows, Kind::kWords},
    {tags::kFloatPixels, Kind::kBytes},
    {tags::kDoublePixels, Kind::kBytes},
    {tags::kPixelData, Kind::kBytes},
});

const Attribute* find_describing(Tag tag) noexcept { return find_in(kDescribing, tag); }

/// One byte for both cases of a letter. Beyond ASCII they differ in this bit, in ISO 8859-1 and in its letters' UTF-8;
/// that others share it hides a word too many at worst.
char folded(char c) noexcept {
  constexpr unsigned kCase = 0x20;
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'A' && c <= 'Z') || byte >= 0x80 ? static_cast<char>(byte | kCase) : c;
}

/// Where `secret` is in `text`, in whatever case.
std::size_t place_of(std::string_view text, std::string_view secret) {
  const auto same = [](char a, char b) { return folded(a) == folded(b); };
  const auto found = std::search(text.begin(), text.end(), secret.begin(), secret.end(), same);
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

std::string from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

/// The elements of one object as texts.
class Reader {
 public:
  explicit Reader(const Item& data) : data_(data) {
    const std::string set = text(data, kCharacterSet);
    latin1_ = set == "ISO_IR 100" || set == "ISO 2022 IR 100";
  }

  /// The value as it is stored, all of it.
  [[nodiscard]] std::string raw(Tag tag) const {
    const Element* element = data_.find(tag);
    if (element == nullptr) return {};
    return trimmed({reinterpret_cast<const char*>(element->value.data()), element->value.size()});
  }

  /// A text about the image, without what it says of the patient.
  [[nodiscard]] std::string about(Tag tag, std::span<const std::string> secrets) const {
    std::string value = raw(tag).substr(0, 4 * kMaxDescription);
    for (const std::string& secret : secrets) {
      for (std::size_t at = place_of(value, secret); at != std::string::npos; at = place_of(value, secret)) {
        value.replace(at, secret.size(), "***");
      }
    }
    return readable(value);
  }

  /// As PS3.5 has codes (CS) and UIDs; empty for what is none.
  [[nodiscard]] std::string code(Tag tag, std::size_t most) const {
    const std::string value = text(data_, tag);
    const auto is_code = [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == ' ' || c == '_' ||
             c == '.' || c == '-';
    };
    return value.size() <= most && std::all_of(value.begin(), value.end(), is_code) ? value : std::string();
  }

 private:
  [[nodiscard]] std::string readable(const std::string& value) const {
    return kept_text(latin1_ ? from_latin1(value) : value);
  }

  const Item& data_;
  bool latin1_;
};

/// Words of a name that are long enough to mean somebody where they are found.
void add_secrets(std::string_view value, bool split, std::vector<std::string>& secrets) {
  constexpr std::size_t kShortest = 3;
  constexpr std::size_t kMost = 64;
  while (!value.empty() && secrets.size() < kMost) {
    const std::size_t end = std::min(value.find_first_of(split ? std::string_view("^=\\ ,-") : "\\"), value.size());
    const std::string word = trimmed(value.substr(0, end));
    // A word that is in what replaces it would be found for ever.
    if (word.size() >= kShortest && word.find_first_not_of('*') != std::string::npos) secrets.push_back(word);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "20200131" and the old "2020.01.31"; empty for what is no date.
std::string date_of(std::string value) {
  if (value.size() == 10 && value[4] == '.' && value[7] == '.')
    value = value.substr(0, 4) + value.substr(5, 2) + value.substr(8);
  if (value.size() != 8 || !all_digits(value)) return {};
  const std::string month = value.substr(4, 2);
  const std::string day = value.substr(6);
  if (month < "01" || month > "12" || day < "01" || day > "31") return {};
  return value.substr(0, 4) + '-' + month + '-' + day;
}

Identity identity_of(const Reader& reader) {
  Identity who;
  who.patient_id = reader.raw(kPatientId);
  who.issuer = reader.raw(kIssuer);
  who.accession = reader.raw(kAccession);
  for (const Tag name : {kPatientName, kOtherNames, kReferringName}) add_secrets(reader.raw(name), true, who.secrets);
  for (const Tag id : {kPatientId, kOtherIds, kAccession}) add_secrets(reader.raw(id), false, who.secrets);
  // The longest first: of "Anna" and "Annabel" the second must not be left as "***bel".
  std::stable_sort(who.secrets.begin(), who.secrets.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return who;
}

}  // namespace

std::string kept_text(std::string_view text) {
  std::string kept = base::printable(text.substr(0, 4 * kMaxDescription));
  if (kept.size() > kMaxDescription) kept.resize(base::utf8_prefix(kept.substr(0, kMaxDescription)));
  return kept;
}

bool holds_secret(std::string_view text, std::span<const std::string> secrets) {
  return std::any_of(secrets.begin(), secrets.end(),
                     [&](const std::string& secret) { return place_of(text, secret) != std::string_view::npos; });
}

Description describe(std::span<const std::byte> bytes, std::string_view name) {
  constexpr std::size_t kUid = 128;  // 64 by the standard, more in the wild
  constexpr std::size_t kCode = 32;
  const Object object = load_header(bytes, name, find_describing);
  const Item& data = object.data;
  const Reader reader(data);
  Description out;
  out.identity = identity_of(reader);
  const std::span<const std::string> secrets = out.identity.secrets;
  out.transfer_syntax = std::string(object.syntax.uid);
  out.sop_class = reader.code(tags::kSopClass, kUid);
  out.sop_instance = reader.code(tags::kSopInstance, kUid);
  out.study = reader.code(tags::kStudy, kUid);
  out.series = reader.code(tags::kSeries, kUid);
  out.frame_of_reference = reader.code(kFrameOfReference, kUid);
  out.modality = reader.code(tags::kModality, kCode);
  out.body_part = reader.code(kBodyPart, kCode);
  out.laterality = reader.code(kImageLaterality, kCode);
  if (out.laterality.empty()) out.laterality = reader.code(kLaterality, kCode);
  out.study_date = date_of(text(data, kStudyDate));
  out.study_description = reader.about(kStudyDescription, secrets);
  out.series_description = reader.about(kSeriesDescription, secrets);
  out.protocol = reader.about(kProtocol, secrets);
  out.manufacturer = reader.about(kManufacturer, secrets);
  out.model = reader.about(kModel, secrets);
  out.station = reader.about(kStation, secrets);
  out.software = reader.about(kSoftware, secrets);
  out.kernel = reader.about(kKernel, secrets);
  out.contrast = reader.about(kContrast, secrets);
  out.image_type = reader.about(kImageType, secrets);
  const std::string sex = reader.code(kSex, 1);
  if (sex == "M" || sex == "F" || sex == "O") out.sex = sex;
  constexpr std::size_t kAgeLength = 4;
  out.age = reader.code(kAge, kAgeLength);
  const std::string birth = date_of(text(data, kBirthDate));
  if (!birth.empty())
    out.birth_year = (birth[0] - '0') * 1000 + (birth[1] - '0') * 100 + (birth[2] - '0') * 10 + birth[3] - '0';
  const auto decimal = [&](Tag tag) { return parse_number(text(data, tag)); };
  out.field_strength = decimal(kFieldStrength);
  out.kvp = decimal(kKvp);
  out.thickness = decimal(kThickness);
  return out;
}

}  // namespace mi2::dicom
