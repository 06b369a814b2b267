package policies

import (
	"math"

	"stagecoach/router/match"
)

// Matching gives what the rule that matches contacts and agents is tuned to.
func (s *Set) Matching() match.Params { return s.matching }

// params are those of the rule, where nothing else is said its own.
func (e *matchingEntry) params() match.Params {
	p := match.DefaultParams()
	p.Steepness, p.Spare, p.Spread, p.Relaxed = e.Steepness, e.Spare, e.Spread, e.LacksSkill
	p.Known, p.KnownSpeed = math.Log(e.OwnAgent), e.OwnAgentTime
	p.Concurrency, p.Accept = e.Together, e.AcceptTime
	p.Guard, p.Turn = e.Guard, int64(math.Round(e.GuardShare*match.Micro))
	p.Early, p.Reserve = e.HoldBack.Left, e.HoldBack.Reserve
	return p
}
