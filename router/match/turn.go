package match

// TurnFor is what an assignment of a lane adds to what its agent owes to those
// past their guard, in micro-turns: each turn for another earns a part, a turn for
// one of them pays a whole.
func (r Fair) TurnFor(lane Lane) int64 {
	switch lane {
	case LaneGuard:
		return -Micro
	case LaneSavable, LaneLost:
		return r.Turn
	default:
		return 0
	}
}
