package remote

// Requests are the verbs that a process asks by.
func Requests() []string { return requests() }
