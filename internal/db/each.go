package db

import "iter"

// Each walks a long answer in chunks: page gives at most size rows behind a key, 0 for the first ones, and key is a row's own. It ends
// with the first error.
func Each[T any](size int, page func(after int64, limit int) ([]T, error), key func(row *T) int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := int64(0); ; {
			rows, err := page(after, size)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
				after = key(&rows[i])
			}
			if len(rows) < size {
				return
			}
		}
	}
}
