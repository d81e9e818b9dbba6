# Makes documentation comments of those that are read without Doxygen as well.
1s|^/\*|/** @mainpage The C interface\n *|
s|^#ifndef MYNAH_H$|/** @file mynah.h\n * The whole interface. */\n&|
s|^\(#define MYNAH_[A-Z0-9_]* *[0-9]*\) */\* \(.*\) \*/|\1 /**< \2 */|
s|^/\* ----.*|/*|
s|^#define MYNAH_VERSION "|/** The version of this header. */\n&|
s|^#define MYNAH_VERSION_\([A-Z]*\) |/** Its \1 number. */\n&|
