package lib

/*
#include <mynah.h>
*/
import "C"

// LogLevel is how grave a log record is.
type LogLevel int32

// The levels.
const (
	LogDebug   LogLevel = C.MYNAH_LOG_DEBUG
	LogInfo    LogLevel = C.MYNAH_LOG_INFO
	LogWarning LogLevel = C.MYNAH_LOG_WARNING
	LogError   LogLevel = C.MYNAH_LOG_ERROR
)
