#pragma once
// What something cost in energy and CO2, with every factor and its source: one form for training, evaluations, archives
// and what people compute of their own.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "energy/factors.hpp"

namespace mi2::energy {

/// A factor with its name and unit.
struct Quantity {
  std::string key;  ///< in JSON: "device_hours"
  std::string name;
  std::string unit;
  Factor factor;
};

/// A part of the energy of the devices: kWh that were measured, or hours x watts.
struct Term {
  std::vector<Quantity> factors;

  [[nodiscard]] Range kwh() const;
};
Term measured(std::string key, std::string name, double kwh, std::string source);
Term product(Quantity hours, Quantity watts);

struct Account {
  std::string method;  ///< "stated", "rapl", "estimate+nvml"
  double hours = 0;    ///< from beginning to end
  std::vector<Term> terms;
  Factor overhead;                 ///< PUE
  Factor intensity;                ///< g/kWh
  std::vector<std::string> notes;  ///< what is not in it

  /// Of the devices alone.
  [[nodiscard]] Range devices_kwh() const;
  [[nodiscard]] Range kwh() const;
  [[nodiscard]] Range kilograms() const;
};

/// @throws Error{kBadArgument} if the factors are so large together that the result is not finite.
void check(const Account& account);

/// The result, and below it each factor with its source.
std::string to_text(const Account& account);
/// "0.01 h, 0.0012 kWh, 0.567 g CO2e (estimate)"
std::string summary(const Account& account);
nlohmann::ordered_json to_json(const Account& account);
nlohmann::ordered_json to_json(const Range& range);
/// @throws nlohmann::json::exception for what to_json() does not make.
Range range_of(const nlohmann::ordered_json& json);
/// As summary(), of what to_json() made. @throws nlohmann::json::exception if it is something else.
std::string summary_of_json(const nlohmann::ordered_json& account);

/// "0.567 g", "571.392 to 914.227 kg": of CO2e.
std::string mass_text(const Range& kilograms);

}  // namespace mi2::energy
