#include "report/card_uses.hpp"

#include <array>

namespace mi2::report {
namespace {

constexpr std::string_view kPublisher =
    "the publisher's page of its healthcare models, microsoft.github.io/healthcareai-examples";
constexpr std::string_view kProject = "mi2, README.md";

constexpr std::array kIntended{
    Use{"Research and the exploration of model development", kPublisher},
    Use{"In research: searching an archive of images by image or text, comparing studies, classification without "
        "training "
        "(zero-shot) or with a small trained head, tagging exams, finding outliers, fine-tuning on images of one's own",
        kProject},
};

constexpr std::array kExcluded{
    Use{"Deployment in clinical settings as it is", kPublisher},
    Use{"The diagnosis or treatment of any health or medical condition: performance for such purposes has not been "
        "established",
        kPublisher},
    Use{"In a product or service with a medical purpose, or to inform clinical decisions, unless whoever does so has "
        "verified its outputs, complies with the law and has the clearances that are needed: the responsibility is "
        "theirs alone",
        kPublisher},
    Use{"Care, triage or any decision about a person", kProject},
};

constexpr std::array kLimits{
    Use{"Answers without training depend on the wording of label texts: with other words, pneumonia was recognised "
        "better or worse on the same images, by up to 46% of Matthews' correlation",
        "Fay et al., MIDL, PMLR 301:428-446"},
    Use{"Vectors can be matched to the images that they come from: they are personal data, as the images are",
        "mi2, docs/archive.md"},
    Use{"Scores are no probabilities unless a report of calibration says so of the population at hand",
        "mi2, docs/evaluate.md"},
};

constexpr std::array<std::string_view, 9> kAuthors{"Intended use and clinical role, of these authors",
                                                   "Rationale",
                                                   "Source of the training data: sites, dates, scanners",
                                                   "Who is in the training data: ages, sexes, origins",
                                                   "Reference standard of labels, and qualifications of its readers",
                                                   "Ethics approval and consent",
                                                   "Licences of the training data",
                                                   "External validation at sites that were not trained on",
                                                   "Funding, registration and contact"};

}  // namespace

std::span<const Use> intended_uses() { return kIntended; }
std::span<const Use> excluded_uses() { return kExcluded; }
std::span<const Use> known_limits() { return kLimits; }
std::span<const std::string_view> asked_of_authors() { return kAuthors; }

}  // namespace mi2::report
