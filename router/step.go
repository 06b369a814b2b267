package router

import "time"

// Step decides one command as a commit of its own, without a log: for what runs
// the core under a clock of its own, as the simulator does. It gives what was
// decided; a refusal changes nothing.
func (s *State) Step(env *Env, cmd *Envelope) (Entry, error) {
	n, at, epoch := s.N, s.At, s.Epoch
	if _, takesOver := cmd.Command.(Begin); takesOver {
		epoch++
	}
	s.beginCommit(n+1, epoch, env.Now)
	e, err := Decide(s, env, cmd)
	if err != nil || len(e.Events) == 0 {
		s.N, s.At = n, at
	}
	return e, err
}

// Wake gives when the core must look again of its own accord, and false when
// nothing is to come.
func (s *State) Wake(r Rules) (time.Time, bool) { return s.NextWake(r.Timing().Digest) }
