package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. In settings it is a whole number with an optional unit: B, KiB, MiB, GiB, TiB (powers of
// 1024) or kB, MB, GB, TB (powers of 1000).
type Size int64

// Sizes in powers of 1024.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

var units = []struct {
	name string
	size Size
}{
	{"TiB", TiB},
	{"GiB", GiB},
	{"MiB", MiB},
	{"KiB", KiB},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
	{"", 1},
}

// UnmarshalText reads "2GiB". The unit's case does not matter.
func (s *Size) UnmarshalText(text []byte) error {
	in := strings.TrimSpace(string(text))
	digits := strings.IndexFunc(in, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(in)
	}
	n, err := strconv.ParseInt(in[:digits], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a size such as 2GiB", in)
	}
	for _, unit := range units {
		if !strings.EqualFold(strings.TrimSpace(in[digits:]), unit.name) {
			continue
		}
		if n > math.MaxInt64/int64(unit.size) {
			return fmt.Errorf("%q is too large", in)
		}
		*s = Size(n) * unit.size
		return nil
	}
	return fmt.Errorf("%q has no known unit; write it such as 2GiB", in)
}

// String gives the size in the largest unit, in powers of 1024, that leaves it whole.
func (s Size) String() string {
	for _, unit := range units[:4] {
		if s != 0 && s%unit.size == 0 {
			return strconv.FormatInt(int64(s/unit.size), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
