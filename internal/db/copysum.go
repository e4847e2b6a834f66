package db

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
)

// summer adds up the digests of rows, so that their order does not matter and none can be missing or doubled.
type summer struct {
	table string
	rows  int64
	total big.Int
	buf   []byte
}

func newSum(t table) *summer { return &summer{table: t.name} }

var sumModulus = new(big.Int).Lsh(big.NewInt(1), 256)

func (s *summer) add(row []any) error {
	s.buf = s.buf[:0]
	text := func(tag byte, b []byte) {
		s.buf = binary.BigEndian.AppendUint64(append(s.buf, tag), uint64(len(b)))
		s.buf = append(s.buf, b...)
	}
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			s.buf = append(s.buf, 'n')
		case int64:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 'i'), uint64(v)) //nolint:gosec // two's complement on purpose
		case int32:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 'i'), uint64(int64(v))) //nolint:gosec // two's complement on purpose
		case int16:
			s.buf = binary.BigEndian.AppendUint64(append(s.buf, 'i'), uint64(int64(v))) //nolint:gosec // two's complement on purpose
		case bool:
			s.buf = fmt.Appendf(s.buf, "b%t", v)
		case float64:
			s.buf = fmt.Appendf(s.buf, "f%b ", v)
		case string:
			text('t', []byte(v))
		case []byte:
			text('x', v)
		default:
			return fmt.Errorf("a %T cannot be added up", v)
		}
	}
	h := sha256.Sum256(s.buf)
	s.total.Add(&s.total, new(big.Int).SetBytes(h[:]))
	s.total.Mod(&s.total, sumModulus)
	s.rows++
	return nil
}

func (s *summer) result() TableSum {
	var b [32]byte
	return TableSum{Table: s.table, Rows: s.rows, Sum: hex.EncodeToString(s.total.FillBytes(b[:]))}
}
