package lib

/*
#include <mynah.h>
*/
import "C"

// Installed is the error of a callback, of which only a level can be out of range.
func Installed(status int32) error {
	if status == C.MYNAH_OUT_OF_RANGE {
		return &Error{Status: status, Message: "level: must be LogDebug, LogInfo, LogWarning or LogError"}
	}
	return Check(status, nil)
}

// LogLevel is how grave a log record is.
type LogLevel int32

// The levels.
const (
	LogDebug   LogLevel = C.MYNAH_LOG_DEBUG
	LogInfo    LogLevel = C.MYNAH_LOG_INFO
	LogWarning LogLevel = C.MYNAH_LOG_WARNING
	LogError   LogLevel = C.MYNAH_LOG_ERROR
)
