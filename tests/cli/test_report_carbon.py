"""mi2 report carbon: energy and CO2 with every factor and its source."""
import json

import pytest


@pytest.mark.parametrize("watts,first", [("250-400", "571.392 to 914.227 kg CO2e"), ("250", "571.392 kg CO2e")])
def test_carbon_states_every_factor(mi2, watts, first):
    text = mi2("report", "carbon", "--gpu-hours", "7680", "--watts", watts, "--intensity", "297.6", with_model=False).stdout.decode()
    assert text.splitlines()[0] == first
    for words in ("7680", "PUE", "not stated", "297.6 g/kWh", "stated by the user", watts.replace("-", " to ")):
        assert words in text, words
    found = json.loads(mi2("report", "carbon", "--gpu-hours", "7680", "--watts", watts, "--intensity", "297.6", "--format", "json",
                           with_model=False).stdout)
    assert found["co2e_kg"]["low"] == pytest.approx(571.392, abs=1e-9)
    assert found["factors"]["intensity"]["source"] == "stated by the user"


@pytest.mark.parametrize("arguments", [["--gpu-hours", "1e300", "--watts", "1e300"], ["--watts", "400-250"], ["--watts", "-5"], ["--watts", "x"], ["--watts", "1", "--pue", "0.5"],
                                       ["--watts", "1", "--intensity", "1-"], ["--watts", "nan"]])
def test_factors_that_cannot_be_are_refused(mi2, arguments):
    hours = [] if "--gpu-hours" in arguments else ["--gpu-hours", "1"]
    mi2("report", "carbon", *hours, *arguments, status=2, with_model=False)
