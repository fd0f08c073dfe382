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


def test_a_device_and_a_region_stand_for_their_figures(mi2):
    found = json.loads(mi2("report", "carbon", "--gpu-hours", "1000", "--watts", "V100", "--region", "WestUS2", "--pue", "1.1-1.3",
                           "--format", "json", with_model=False).stdout)
    assert found["co2e_kg"] == {"low": pytest.approx(250 * 1.1 * .2976), "high": pytest.approx(300 * 1.3 * .2976)}
    factors = found["factors"]
    assert "V100-PCIE, V100-SXM2" in factors["watts"]["source"] and "data sheet" in factors["watts"]["source"]
    assert "West US 2" in factors["intensity"]["source"] and "eGRID" in factors["intensity"]["source"]


def test_the_list_has_every_device_and_region_with_its_source(mi2):
    found = json.loads(mi2("report", "carbon", "--list", "--format", "json", with_model=False).stdout)
    text = mi2("report", "carbon", "--list", with_model=False).stdout.decode()
    for row in (*found["devices"], *found["regions"]):
        assert row["source"] and any(line.startswith(row["name"] + " ") for line in text.splitlines()), row
    assert found["regions"][0]["name"] == "world" and len(found["regions"]) > 80


@pytest.mark.parametrize("arguments,words", [
    (["--watts", "V100-SXM3"], "did you mean 'V100-SXM2'"), (["--watts", "8xV100"], "watts of one device"), (["--watts", "1", "--region", "germny"], "did you mean 'Germany'"),
    (["--watts", "1", "--region", "deu", "--intensity", "5"], "a region is stated too"), ([], "expected --gpu-hours and --watts")])
def test_what_is_meant_is_said(mi2, arguments, words):
    done = mi2("report", "carbon", "--gpu-hours", "1", *arguments, status=2, with_model=False)
    assert words in done.errors, done.errors


@pytest.mark.parametrize("arguments", [["--gpu-hours", "1e300", "--watts", "1e300"], ["--watts", "400-250"], ["--watts", "-5"], ["--watts", "x"], ["--watts", "1", "--pue", "0.5"],
                                       ["--watts", "1", "--intensity", "1-"], ["--watts", "nan"]])
def test_factors_that_cannot_be_are_refused(mi2, arguments):
    hours = [] if "--gpu-hours" in arguments else ["--gpu-hours", "1"]
    mi2("report", "carbon", *hours, *arguments, status=2, with_model=False)
