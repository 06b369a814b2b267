package desk

import (
	"context"
	"net/http"
	"strings"

	"stagecoach/desk/view"
	"stagecoach/policies/replay"
)

// SimulationOrder says what shall be simulated of the log's traffic.
type SimulationOrder struct {
	PolicySource
	Since     string   `json:"since,omitempty" doc:"From when on: 7d or 36h before the end, 2026-11-23, or RFC 3339; 7d if left out"`
	Until     string   `json:"until,omitempty" doc:"Until when: the log's end if left out"`
	Seeds     int      `json:"seeds,omitempty" minimum:"0" maximum:"100" doc:"How many times; 5 if left out"`
	FirstSeed *uint64  `json:"first_seed,omitempty" doc:"The first seed; 1 if left out"`
	Agents    []string `json:"agents,omitempty" maxItems:"20" doc:"Others who are there, such as +2:german or -1:anna"`
	BestSkill bool     `json:"best_skill,omitempty" doc:"Try which one skill of one agent would help most"`
}

// Simulator simulates policy sets on the log's traffic.
type Simulator interface {
	// Simulate reads the log and simulates; names gives the name of an agent. It ends
	// with ctx.
	Simulate(ctx context.Context, order SimulationOrder, names func(agent string) string) (*replay.Report, error)
	// Simulating says how far the one is that runs.
	Simulating() view.Simulating
}

func (s *Service) simulator() (Simulator, error) {
	if s.deps.Simulator == nil {
		return nil, problem(http.StatusConflict, "not_running", "This needs a daemon, or its data directory.")
	}
	return s.deps.Simulator, nil
}

// SimulatePolicy simulates a policy set, or other staff, on the log's traffic.
func (s *Service) SimulatePolicy(ctx context.Context, order SimulationOrder) (*replay.Report, error) {
	port, err := s.simulator()
	if err != nil {
		return nil, err
	}
	agents := make([]string, len(order.Agents))
	for i, change := range order.Agents { // people are named by address, the log by id
		number, who, _ := strings.Cut(change, ":")
		if agents[i] = change; strings.Contains(who, "@") {
			agents[i] = number + ":" + s.accounts.resolve(who)
		}
	}
	order.Agents = agents
	return port.Simulate(ctx, order, func(id string) string {
		acc, _ := s.accounts.get(id)
		return acc.Name
	})
}

// Simulating says how far the simulation is that runs now.
func (s *Service) Simulating(context.Context) (view.Simulating, error) {
	port, err := s.simulator()
	if err != nil {
		return view.Simulating{}, err
	}
	return port.Simulating(), nil
}
