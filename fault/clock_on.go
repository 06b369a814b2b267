//go:build stagecoach_clock

package fault

const movable = true
