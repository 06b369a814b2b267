package replay

import "math"

// pairOf compares a figure of several seeds under both sets: the seeds give both the
// same luck, so the differences are looked at seed by seed, and their mean lies within
// Student's t times its standard error (paired-t; Law and Kelton, section
// 10.2). It says what luck does, not what another month would bring.
func pairOf(active, candidate []float64) Pair {
	n := float64(len(active))
	p := Pair{Active: mean(active), Candidate: mean(candidate)}
	p.Change = p.Candidate - p.Active
	p.Low, p.High = p.Change, p.Change
	if len(active) < 2 {
		return p.rounded()
	}
	sq := 0.0
	for i := range active {
		d := candidate[i] - active[i] - p.Change
		sq += d * d
	}
	half := student(len(active)-1) * math.Sqrt(sq/(n-1)/n)
	p.Low, p.High = p.Change-half, p.Change+half
	p = p.rounded()
	p.Sure = p.Low > 0 || p.High < 0
	return p
}

// rounded leaves as many digits as mean anything.
func (p Pair) rounded() Pair {
	for _, v := range []*float64{&p.Active, &p.Candidate, &p.Change, &p.Low, &p.High} {
		*v = round(*v)
	}
	return p
}

func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

func mean(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / math.Max(float64(len(values)), 1)
}

// student is the 97.5th percentile of Student's t with that many degrees of freedom.
func student(freedom int) float64 {
	table := [...]float64{
		12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
		2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
	}
	if freedom <= len(table) {
		return table[freedom-1]
	}
	return 1.96 + 2.5/float64(freedom) // within 0.002 of the table's continuation
}
