package replay

// Luck draws everything from a seed, the contact and what is drawn: the same contact
// has the same luck under every policy set, whatever else happens to be other
// (common random numbers, as in Law and Kelton, section 11.2).
type luck uint64

// What is drawn of a contact.
const (
	drawSize uint64 = iota + 1
	drawDelivery
	drawFate
	drawDelay
	drawSilent
	drawAbsence
)

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the
// argument moves every bit of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// of gives a number from 0 to below 1 for what is drawn the n-th time of a contact.
func (l luck) of(contact int, what uint64, n int) float64 {
	x := mix(mix(mix(uint64(l))^uint64(contact)) ^ what<<32 ^ uint64(n)) //nolint:gosec // only bits
	return float64(x>>11) / (1 << 53)
}

// pick gives one of n places.
func (l luck) pick(n, contact int, what uint64, time int) int {
	return min(n-1, int(l.of(contact, what, time)*float64(n)))
}
