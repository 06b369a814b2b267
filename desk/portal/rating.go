package portal

// The ratings of an answer.
const (
	Good = "good"
	Bad  = "bad"
)
