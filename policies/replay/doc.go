// Package replay simulates real traffic: it reads from the log who wrote when, who
// was there and how long answers took, and lets the production core decide all of
// it once more under a policy set, with simulated agents who work as those of the
// log did. Two sets are compared on the same contacts with the same luck.
//
// Fidelity comes first: the active set is simulated and compared with what really
// happened, and nothing is recommended where it is too far off. README.md has the
// method, its formulas and where they come from.
package replay
