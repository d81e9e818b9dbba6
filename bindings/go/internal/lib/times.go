package lib

import "time"

// In is a duration in whole units, rounded away from zero: as an option's value
// 0 means something else than a little.
func In(d, unit time.Duration) int64 {
	whole := d / unit
	switch rest := d % unit; {
	case rest > 0:
		whole++
	case rest < 0:
		whole--
	}
	return int64(whole)
}
