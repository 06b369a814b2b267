package sim

import (
	"math"
	"strings"
	"testing"
)

// reference are the figures of the reference simulator on one day's exact
// contacts: shares in time and by value in percent, mean and 95th percentile of
// the wait in seconds.
var reference = map[string]map[string][4]float64{
	"01-balanced-85.json": {
		RoundRobin: {88.35, 84.82, 899, 5804}, FIFO: {90.32, 86.43, 807, 5075}, Strict: {92.89, 94.50, 1045, 2827},
		EDF: {89.00, 88.39, 960, 6702}, GCMU: {92.41, 92.42, 1074, 4968},
	},
	"03-overload-115.json": {
		RoundRobin: {29.39, 19.88, 5372, 20312}, FIFO: {29.93, 20.69, 5053, 18416}, Strict: {70.07, 78.96, 4190, 22735},
		EDF: {50.72, 50.37, 4422, 19766}, GCMU: {83.61, 83.70, 3260, 21692},
	},
	"05-rare-language.json": {
		RoundRobin: {81.84, 77.50, 1140, 6768}, FIFO: {80.67, 76.09, 1179, 6914}, Strict: {89.98, 91.48, 1247, 7022},
		EDF: {85.80, 83.98, 1262, 9262}, GCMU: {90.04, 88.97, 1278, 7236},
	},
	"06-blended-chat-email.json": {
		RoundRobin: {87.52, 85.46, 1108, 4663}, FIFO: {84.82, 82.13, 1134, 4658}, Strict: {87.52, 87.95, 1340, 8162},
		EDF: {92.04, 90.61, 1337, 8139}, GCMU: {90.70, 89.70, 1387, 8509},
	},
}

// TestCalibration runs two of the peers' rules on the contacts that the reference
// simulator had, TestChaosCalibration all. What the offers' luck does in overload
// gets more room.
func TestCalibration(t *testing.T) { calibrate(t, FIFO, EDF) }

func calibrate(t *testing.T, rules ...string) {
	t.Helper()
	for file, s := range shared(t) {
		if raced && !strings.Contains(file, "05-") {
			continue
		}
		exact, err := s.LoadContacts(strings.TrimSuffix(file, ".json") + ".contacts.csv")
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range rules {
			want := reference[file[strings.LastIndex(file, "/")+1:]][rule]
			f, err := (&Runner{Scenario: s}).Run(t.Context(), rule, exact, 1)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%-20s %-12s sla %6.2f %+6.2f value %6.2f %+6.2f mean %5.0f %+4.0f%% p95 %6.0f %+4.0f%%", s.Name, rule,
				100*f.SLA, 100*f.SLA-want[0], 100*f.Value, 100*f.Value-want[1], f.MeanWait, 100*f.MeanWait/want[2]-100, f.P95Wait, 100*f.P95Wait/want[3]-100)
			points := 3.0
			if s.Load > 1 {
				points = 6
			}
			if f.Unanswered > 0 || math.Abs(100*f.SLA-want[0]) > points || math.Abs(100*f.Value-want[1]) > points || math.Abs(f.MeanWait/want[2]-1) > 0.2 {
				t.Errorf("%s: %s differs by more than %.0f points, or left somebody waiting: %d", s.Name, rule, points, f.Unanswered)
			}
		}
	}
}
