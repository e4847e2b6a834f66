package disclosure_test

import (
	"slices"
	"sync"
	"testing"

	"filippo.io/age"

	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestNumbersAtOnce: whoever asks at the same moment as others is given a number all the same, and nobody gets another's. // issue 6 point 5
func TestNumbersAtOnce(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		id, err := age.GenerateX25519Identity()
		h.must(err)
		q := h.granted(viewing.MannerProvide, "")
		const many = 12
		var (
			all  sync.WaitGroup
			mu   sync.Mutex
			nos  []int64
			errs []error
		)
		for range many {
			all.Go(func() {
				d, err := h.svc.Make(h.ctx, h.second, disclosure.Order{Request: q.No, Items: []disclosure.Item{{Recording: h.recs[0]}}, Recipient: id.Recipient().String()})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					errs = append(errs, err)
					return
				}
				nos = append(nos, d.No)
			})
		}
		all.Wait()
		slices.Sort(nos)
		if len(errs) > 0 || len(nos) != many || nos[0] != 1 || nos[many-1] != many {
			t.Fatalf("%v, %v", nos, errs)
		}
	})
}
