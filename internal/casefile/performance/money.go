// Package performance is what happens after a decision: whether a fine is paid, late, deferred or paid in instalments and
// what is charged for being late, what may be collected on the spot, and the chain from the demand (催告) to the court or
// to the bureau's own enforcement. Pure rules over what the record says; money is whole fen, never a float.
package performance

import (
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
)

// Fen (分) is an amount of money, a hundredth of a yuan, so that no sum is ever rounded.
type Fen int64

// Most is the largest amount that is read, a hundred billion yuan: sums and charges of it stay far from overflow.
const Most Fen = 1e13

// ParseFen reads "1234.50", "1234.5" or "1234" yuan: digits, at most two after the point, no sign and no separators.
// Anything else is fault Invalid "performance.money".
func ParseFen(s string) (Fen, error) {
	wrong := fault.New(fault.Invalid, "performance.money", s)
	yuan, cents, point := strings.Cut(s, ".")
	if !digits(yuan) || len(yuan) > 12 || point && (!digits(cents) || len(cents) > 2) {
		return 0, wrong
	}
	n, err := strconv.ParseInt(yuan+(cents + "00")[:2], 10, 64)
	if err != nil || Fen(n) > Most {
		return 0, wrong
	}
	return Fen(n), nil
}

func digits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// String gives yuan with both decimals: "1234.50".
func (f Fen) String() string {
	sign := ""
	n := uint64(f) //nolint:gosec // the negative is turned round below, the smallest as well
	if f < 0 {
		sign, n = "-", -n
	}
	s := strconv.FormatUint(n, 10)
	if len(s) < 3 {
		s = strings.Repeat("0", 3-len(s)) + s
	}
	return sign + s[:len(s)-2] + "." + s[len(s)-2:]
}

// MarshalText writes the amount as String does, so that JSON holds text and no float.
func (f Fen) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what ParseFen reads.
func (f *Fen) UnmarshalText(raw []byte) error {
	n, err := ParseFen(string(raw))
	if err != nil {
		return err
	}
	*f = n
	return nil
}
