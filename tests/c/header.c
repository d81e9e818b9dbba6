/* The header compiles on its own, and twice, in every language it promises. */
#include "mynah.h"
#include "mynah.h"

#if !defined(MYNAH_VERSION) || MYNAH_VERSION_MAJOR < 0
#error "no version"
#endif

int main(void) { return mynah_abi_version() != MYNAH_VERSION_MAJOR; }
