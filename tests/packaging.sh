#!/bin/sh
# What is shipped: the release libraries and what `make install` lays out.
# Prints a line for each check. Expects `make stage` to have run.
set -u
cd "$(dirname "$0")/.." || exit 1
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
stage=$PWD/build/stage
lib=$stage/lib/libmynah.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

check() { # sentence, command...
    sentence=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        echo "ok $sentence"
    else
        echo "not ok $sentence"
        sed 's/^/# /' "$work/out" | head -20
        status=1
    fi
}
skip() { echo "skip $1: $2"; }
have() { command -v "$1" >/dev/null 2>&1; }

declared() {
    sed -n 's/.*\b\(mynah_[a-z0-9_]*\) *(.*/\1/p' <<END
$(sed -e 's|/\*.*\*/||' -e '/\/\*/,/\*\//d' include/mynah.h | grep -v typedef)
END
}
exports() { nm -D --defined-only "$1" | awk '{ print $3 }' | sed 's/@.*//'; }

same_functions() {
    declared | sort -u >"$work/declared"
    exports "$lib" | sort -u >"$work/exports"
    diff "$work/declared" "$work/exports"
}
only_mynah() { ! nm -g --defined-only "$stage/lib/libmynah.a" | awk 'NF == 3 { print $3 }' | grep -v '^mynah_'; }
no_hooks() { ! exports "$lib" | grep mynah_test_; }
soname() { readelf -d "$lib" | grep 'SONAME.*\[libmynah\.so\.0\]'; }
stripped() { ! readelf -S "$lib" | grep -E '\.debug_|\.symtab'; }
small() {
    size=$(stat -Lc %s "$lib")
    echo "$size bytes"
    test "$size" -lt 6000000
}
# Link-time optimisation drops what no export needs: this is in std, and unused.
optimised() {
    full=$(stat -Lc %s target/release/libmynah.a)
    kept=$(stat -Lc %s "$stage/lib/libmynah.a")
    echo "$kept of $full"
    # Without it, each crate would stand in the library as an object of its own.
    test "$(ar t target/release/libmynah.a | grep -c '^mynah-.*\.o$')" -le 2
}

check "the shared library exports what the header declares, nothing else" same_functions
check "the static library has no other global names" only_mynah
check "the release has no test hooks" no_hooks
check "the shared library's name for the loader is libmynah.so.0" soname
check "the shared library is stripped" stripped
check "the shared library is under 6 MB" small
check "the release is optimised at link time" optimised

# A program that brings functions of its own called like those inside.
cat >"$work/program.c" <<'END'
#include <mynah.h>
#include <stdio.h>
#include <string.h>
size_t ZSTD_compress(void) { return 42; }
int main(void) {
    mynah_cancel *cancel = mynah_cancel_new();
    int ok = cancel != NULL && strcmp(mynah_version(), MYNAH_VERSION) == 0 && ZSTD_compress() == 42;
    mynah_cancel_free(cancel);
    puts(mynah_version());
    return !ok;
}
END

root=$work/root
install_away() { make --no-print-directory install PREFIX=/usr DESTDIR="$root"; }
links() {
    test "$(readlink "$root/usr/lib/libmynah.so")" = libmynah.so.0 &&
        test "$(readlink "$root/usr/lib/libmynah.so.0")" = "libmynah.so.$version"
}
readable() {
    (umask 077 && make --no-print-directory install PREFIX=/usr DESTDIR="$work/strict") || return 1
    find "$work/strict/usr" ! -type l ! -perm -o=r -o -type d ! -perm -o=x >"$work/closed"
    cat "$work/closed"
    test ! -s "$work/closed"
}
clean_names() { ! grep -r "$work" "$root/usr/lib/pkgconfig" "$root/usr/lib/cmake"; }
relative() {
    make --no-print-directory install PREFIX=build/relative DESTDIR= || return 1
    grep -F "prefix=$PWD/build/relative" build/relative/lib/pkgconfig/mynah.pc
    found=$?
    rm -r build/relative
    return $found
}
mkdir -p "$root/usr/include" "$root/usr/lib/pkgconfig" "$root/usr/lib/cmake/other"
for other in include/other.h lib/libother.so lib/pkgconfig/other.pc lib/cmake/other/other-config.cmake; do
    echo keep >"$root/usr/$other"
done
(cd "$root" && find . | sort) >"$work/before"
check "make install lays out a tree below DESTDIR" install_away
check "the installed library has its links" links
check "what is installed under a strict umask is readable for all" readable
check "a prefix that is relative is installed as what it means here" relative
check "DESTDIR stands in no installed file" clean_names

if have pkg-config; then
    shared() {
        # shellcheck disable=SC2046 # flags are words
        cc -o "$work/shared" "$work/program.c" $(PKG_CONFIG_PATH=$stage/lib/pkgconfig pkg-config --cflags --libs mynah) &&
            LD_LIBRARY_PATH=$stage/lib "$work/shared"
    }
    static() {
        # shellcheck disable=SC2046
        cc -o "$work/static" "$work/program.c" $(PKG_CONFIG_PATH=$stage/lib/pkgconfig pkg-config --cflags mynah) \
            "$stage/lib/libmynah.a" $(PKG_CONFIG_PATH=$stage/lib/pkgconfig pkg-config --static --libs-only-l mynah | sed 's/-lmynah//') &&
            "$work/static"
    }
    linked_in() { # compiler, program, more flags
        source=$2 compiler=$1
        shift 2
        # shellcheck disable=SC2046
        "$compiler" "$@" -o "$work/linked_in" "$work/$source" $(PKG_CONFIG_PATH=$stage/lib/pkgconfig pkg-config --cflags --libs mynah-static) &&
            "$work/linked_in"
    }
    needs_nothing() {
        linked_in cc program.c && ! readelf -d "$work/linked_in" | grep -E 'libmynah|libgcc_s'
    }
    wholly() { linked_in cc program.c -static; }
    check "a program builds with pkg-config and the shared library" shared
    if have g++; then
        shared_cpp() {
            echo '#include <mynah.hpp>' >"$work/program.cpp"
            echo 'int main() { mynah::cache cache; cache.set("k", "v"); return cache.size() != 1; }' >>"$work/program.cpp"
            # shellcheck disable=SC2046
            g++ -std=c++17 -o "$work/shared_cpp" "$work/program.cpp" $(PKG_CONFIG_PATH=$stage/lib/pkgconfig pkg-config --cflags --libs mynah) &&
                LD_LIBRARY_PATH=$stage/lib "$work/shared_cpp"
        }
        check "a C++ program builds with the installed headers" shared_cpp
        # Exceptions of the program pass beside the library's own unwinder.
        thrown() {
            cat >"$work/thrown.cpp" <<'END'
#include <mynah.hpp>
#include <string>
int main() {
    mynah::cache cache;
    try {
        cache.get_or_load("k", []() -> std::string { throw std::string("mine"); });
    } catch (const std::string &mine) {
        return mine != "mine";
    }
    return 1;
}
END
            linked_in g++ thrown.cpp -std=c++17
        }
        check "a C++ program with the static library catches what it throws" thrown
    else
        skip "a C++ program builds with the installed headers" "no g++"
    fi
    check "a program with a zstd of its own builds with the static library" static
    if [ "$(uname -s)" = Linux ]; then
        check "a program with the static library needs neither libmynah.so nor libgcc_s.so" needs_nothing
        check "a program with the static library can be linked wholly statically" wholly
    else
        skip "a program with the static library is linked wholly statically" "not Linux"
    fi
    spaced() {
        make --no-print-directory install PREFIX="$work/p & r|e fix" DESTDIR= || return 1
        export PKG_CONFIG_PATH="$work/p & r|e fix/lib/pkgconfig"
        for name in mynah mynah-static; do
            # What pkg-config answers is quoted for a shell.
            eval "cc -o '$work/spaced' '$work/program.c' $(pkg-config --cflags --libs $name)" &&
                LD_LIBRARY_PATH="$work/p & r|e fix/lib" "$work/spaced" || return 1
        done
    }
    check "a program builds against a prefix with a space and other signs in it" spaced
else
    skip "a program builds with pkg-config" "no pkg-config"
fi

if have cmake; then
    mkdir "$work/cmake"
    cp "$work/program.c" "$work/cmake"
    cat >"$work/cmake/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.13)
project(program C)
find_package(mynah 0.1 REQUIRED)
add_executable(shared program.c)
target_link_libraries(shared mynah::mynah)
add_executable(static program.c static.c)
target_link_libraries(static mynah::static)
END
    cat >"$work/cmake/static.c" <<'END'
#include <mynah.h>
#ifndef MYNAH_STATIC
#error "the header is to know that the library is linked in"
#endif
extern int nothing;
END
    cmake_builds() {
        cmake -S "$work/cmake" -B "$work/cmake/build" -DCMAKE_PREFIX_PATH="$root/usr" &&
            cmake --build "$work/cmake/build" && "$work/cmake/build/shared" && "$work/cmake/build/static"
    }
    too_new() {
        sed -i 's/mynah 0.1/mynah 0.99/' "$work/cmake/CMakeLists.txt"
        ! cmake -S "$work/cmake" -B "$work/cmake/other" -DCMAKE_PREFIX_PATH="$root/usr"
    }
    # Debian's layout, in a tree that was moved.
    cmake_builds_moved() {
        make --no-print-directory install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR="$work/staged" &&
            mv "$work/staged" "$work/moved" &&
            cmake -S "$work/cmake" -B "$work/cmake/moved" -Dmynah_DIR="$work/moved/usr/lib/x86_64-linux-gnu/cmake/mynah" &&
            cmake --build "$work/cmake/moved" && "$work/cmake/moved/shared"
    }
    no_part() {
        sed 's/REQUIRED/REQUIRED COMPONENTS foo/' "$work/cmake/CMakeLists.txt" >"$work/parts/CMakeLists.txt"
        cmake -S "$work/parts" -B "$work/parts/build" -DCMAKE_PREFIX_PATH="$root/usr" 2>&1 |
            tee "$work/parts/out" | grep "no components" || { cat "$work/parts/out"; return 1; }
    }
    mkdir "$work/parts"
    cp "$work/cmake"/*.c "$work/parts"
    check "find_package finds the installed tree, shared and static" cmake_builds
    check "find_package finds a moved tree whose libraries lie two levels deep" cmake_builds_moved
    check "find_package refuses a component, for there are none" no_part
    check "find_package refuses a version that is newer" too_new
else
    skip "find_package finds the installed tree" "no cmake"
fi

uninstall() {
    make --no-print-directory uninstall PREFIX=/usr DESTDIR="$root" || return 1
    (cd "$root" && find . | sort) >"$work/after"
    diff "$work/before" "$work/after"
}
check "make uninstall takes back exactly that" uninstall
exit $status
