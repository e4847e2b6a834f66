package device_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

func TestRegisterAndEdit(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		spec := device.Spec{Label: "Z-07", Kind: device.BodyCamera, Maker: "某厂", Serial: "SN-7", CardLabel: "Z07CARD", NameCode: "Z07", Department: b.d1}
		id, err := b.inv.Register(b.ctx, b.keeper, spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.inv.Get(b.ctx, b.keeper, id)
		if err != nil || got.Spec != spec || got.State != device.InUse || got.Version != 1 || got.Out != nil {
			t.Fatalf("%+v %v", got, err)
		}
		spec.Label = " z-07 "
		_, err = b.inv.Register(b.ctx, b.keeper, spec)
		wantCode(t, err, "device.label_taken")
		_, err = b.inv.Register(b.ctx, b.other, spec)
		if !fault.Is(err, fault.Forbidden) || fault.As(err).Article != "21" { // R-21-3
			t.Fatalf("another department's custodian: %v", err)
		}
		spec.Label, spec.Model = "Z-07甲", "X1"
		wantCode(t, b.inv.Edit(b.ctx, b.keeper, id, 2, spec), "device.changed")
		if err := b.inv.Edit(b.ctx, b.keeper, id, 1, spec); err != nil {
			t.Fatal(err)
		}
		h := b.History(t, "device", string(id))
		if len(h) != 2 || h[0].Action != "device.edit" || string(h[0].Detail) == "{}" || h[0].Requirement != "R-21-3" {
			t.Fatalf("history %+v", h)
		}
		wantCode(t, b.inv.Edit(b.ctx, b.keeper, ident.New[ident.DeviceID](), 1, spec), "device.unknown")
		spec.Department = ident.New[ident.DepartmentID]()
		wantCode(t, b.inv.Edit(b.ctx, b.keeper, id, 2, spec), "org.department")
	})
}

func TestIssueAndReturn(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		id := b.register(device.Spec{Label: "Z-07"})
		try := func(in device.IssueInput) error {
			_, err := b.inv.Issue(b.ctx, b.keeper, id, in)
			return err
		}
		wantCode(t, try(device.IssueInput{Person: b.p1}), "device.purpose") // R-22-4
		wantCode(t, b.inv.Return(b.ctx, b.keeper, id, device.ReturnInput{}), "device.not_out")
		issued := b.issue(id, b.p1)
		wantCode(t, try(device.IssueInput{Person: b.p2, Purpose: "巡查"}), "device.already_issued")
		wantCode(t, b.inv.SetState(b.ctx, b.keeper, id, device.Repair, "镜头碎裂"), "device.still_out")
		w.Clock.Add(8 * hour)
		b.back(id)
		w.Clock.Add(hour)
		// A paper form from before the return overlaps; from after it, it can be entered later (decision 24).
		wantCode(t, try(device.IssueInput{Person: b.p2, Purpose: "巡查", At: w.Clock.Now().Add(-2 * hour)}), "device.before_return")
		if err := try(device.IssueInput{Person: b.p2, Purpose: "巡查", At: w.Clock.Now().Add(-hour / 2)}); err != nil {
			t.Fatal(err)
		}
		got, err := device.FindIssue(b.ctx, w.DB.Reader, issued)
		if err != nil || got.Open() || got.Condition != device.Good || got.IssuedBy != b.keeper.Person || got.ReturnedBy != b.keeper.Person {
			t.Fatalf("%+v %v", got, err)
		}
		if h := b.History(t, "person", string(b.p1)); len(h) != 3 || h[0].Outcome != custody.Closed || h[1].Outcome != custody.Opened {
			t.Fatalf("issue and return must show in the person's history: %+v", h)
		}
		_, err = b.inv.Issue(b.ctx, b.keeper, id, device.IssueInput{Person: ident.New[ident.PersonID](), Purpose: "巡查"})
		if !fault.Is(err, fault.NotFound) {
			t.Fatalf("an unknown person: %v", err)
		}
		officer := actor(b.p1, b.d1, access.Officer)
		if _, err = b.inv.Issue(b.ctx, officer, id, device.IssueInput{Person: b.p1, Purpose: "巡查"}); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("an officer hands out a device: %v", err)
		}
	})
}

func TestIssueRefusals(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		id := b.register(device.Spec{Label: "Z-07"})
		try := func() error {
			_, err := b.inv.Issue(b.ctx, b.keeper, id, device.IssueInput{Person: b.p1, Purpose: "巡查"})
			return err
		}
		// R-19-1: a device cannot be re-issued with unstored files.
		file := custody.Subject{Kind: "file", ID: "f1"}
		if err := b.change(func(tx *gate.Tx) error {
			_, err := duty.Open(tx, duty.New{Kind: duty.Store, Subject: file, Device: id, Person: b.p2, Department: b.d1, Due: tx.Now().Add(24 * hour)})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, try(), "device.unstored")
		if err := b.change(func(tx *gate.Tx) error { return duty.Meet(tx, duty.Store, file, "") }); err != nil {
			t.Fatal(err)
		}
		// R-04-1: nor one that is not in use.
		if err := b.inv.SetState(b.ctx, b.keeper, id, device.Repair, "镜头碎裂"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, try(), "device.not_in_use")
		if err := b.inv.SetState(b.ctx, b.keeper, id, device.InUse, "已经修好"); err != nil {
			t.Fatal(err)
		}
		if err := b.org.DeactivatePerson(b.ctx, host, b.p1, "调离本局"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, try(), "device.person_inactive")
		b.issue(id, b.p2)
		if err := b.inv.SetState(b.ctx, b.keeper, id, device.Lost, "草场上遗失"); err != nil {
			t.Fatal(err)
		}
		got, err := b.inv.Get(b.ctx, b.keeper, id)
		if err != nil || got.Out != nil || got.State != device.Lost {
			t.Fatalf("losing a device ends its issue: %+v %v", got, err)
		}
	})
}

// TestOneDeviceOnePerson: of many issues of one device at once, one wins, and the others are told why.
func TestOneDeviceOnePerson(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		id := b.register(device.Spec{Label: "Z-07"})
		var won atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			p := []ident.PersonID{b.p1, b.p2}[i%2]
			wg.Go(func() {
				_, err := b.inv.Issue(b.ctx, b.keeper, id, device.IssueInput{Person: p, Purpose: "巡查"})
				switch {
				case err == nil:
					won.Add(1)
				case !fault.HasCode(err, "device.already_issued"):
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d won", won.Load())
		}
		// Tried by SQL, the constraint stands by itself.
		q := `INSERT INTO device_issue (id, device_id, department_id, person_id, purpose, issued_at, issued_by, entered_at) VALUES ('x', '` +
			string(id) + `', 'd', 'p', 'w', 1, 'k', 1)`
		if _, err := w.DB.Writer.ExecContext(b.ctx, q); err == nil {
			t.Fatal("the database took a second open issue")
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		z1 := b.register(device.Spec{Label: "Z-01", Serial: "SN100", Maker: "海康"})
		z2 := b.register(device.Spec{Label: "Z-02", Kind: device.Drone, NameCode: "100%_\\"})
		b.register(device.Spec{Label: "Y-01", Department: b.d2})
		b.issue(z1, b.p1)
		w.Clock.Add(hour)
		b.issue(z2, b.p2)
		labels := func(a access.Actor, f device.Filter) []string {
			t.Helper()
			var out []string
			for {
				p, err := b.inv.List(b.ctx, a, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range p.Items {
					out = append(out, i.Label)
				}
				if f.After = p.Next; p.Next == "" {
					return out
				}
			}
		}
		leader := actor("boss", "", access.Leader)
		admin := actor("adm", b.d1, access.SystemAdmin)
		yes, no := true, false
		for _, c := range []struct {
			name string
			a    access.Actor
			f    device.Filter
			want []string
		}{
			{"R-21-1 a custodian sees the department's", b.keeper, device.Filter{}, []string{"Z-01", "Z-02"}},
			{"a leader sees all, page by page", leader, device.Filter{Limit: 1}, []string{"Y-01", "Z-01", "Z-02"}},
			{"an officer sees what they hold", actor(b.p2, b.d1, access.Officer), device.Filter{}, []string{"Z-02"}},
			{"out", leader, device.Filter{Out: &yes}, []string{"Z-01", "Z-02"}},
			{"in the cupboard", leader, device.Filter{Out: &no}, []string{"Y-01"}},
			{"who holds it", leader, device.Filter{Holder: b.p1}, []string{"Z-01"}},
			{"by kind", leader, device.Filter{Kinds: []device.Kind{device.Drone}}, []string{"Z-02"}},
			{"by state", leader, device.Filter{States: []device.State{device.Lost}}, nil},
			{"by department", leader, device.Filter{Department: b.d2}, []string{"Y-01"}},
			{"search", leader, device.Filter{Query: "海康 sn1"}, []string{"Z-01"}},
			{"search takes signs as they are", leader, device.Filter{Query: "100%_\\"}, []string{"Z-02"}},
			{"R-21-1 a stranger sees nothing, whatever is asked", actor("nobody", b.d2, access.Officer), device.Filter{Holder: b.p1}, nil},
			{"search finds no pattern", leader, device.Filter{Query: "%"}, []string{"Z-02"}},
		} {
			if d := cmp.Diff(c.want, labels(c.a, c.f)); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, d)
			}
		}
		if _, err := b.inv.List(b.ctx, admin, device.Filter{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("T13 an administrator lists devices: %v", err)
		}
		if _, err := b.inv.Get(b.ctx, b.other, z1); !fault.HasCode(err, "device.unknown") {
			t.Errorf("R-21-1 another department's device: %v", err)
		}
		if _, err := b.inv.List(b.ctx, leader, device.Filter{After: "nonsense"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a broken cursor: %v", err)
		}
		stock, err := b.inv.Stock(b.ctx, b.keeper)
		if d := cmp.Diff([]device.Stock{{Department: b.d1, InUse: 2, Out: 2}}, stock); d != "" || err != nil {
			t.Errorf("R-04-1 stock: %v\n%s", err, d)
		}
	})
}

func TestLedgerOfIssues(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		z1, z2 := b.register(device.Spec{Label: "Z-01"}), b.register(device.Spec{Label: "Z-02"})
		step := func(id ident.DeviceID, p ident.PersonID) {
			b.issue(id, p)
			w.Clock.Add(hour)
			b.back(id)
			w.Clock.Add(hour)
		}
		step(z1, b.p1)
		step(z2, b.p1)
		step(z1, b.p2)
		b.issue(z1, b.p1)
		read := func(a access.Actor, f device.IssueFilter) []string {
			t.Helper()
			var out []string
			for {
				p, err := b.inv.Issues(b.ctx, a, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range p.Items {
					out = append(out, e.Label+map[ident.PersonID]string{b.p1: " p1", b.p2: " p2"}[e.Person])
				}
				if f.After = p.Next; p.Next == "" {
					return out
				}
			}
		}
		for _, c := range []struct {
			name string
			a    access.Actor
			f    device.IssueFilter
			want []string
		}{
			{"R-22-3 the department's ledger", b.keeper, device.IssueFilter{Limit: 1}, []string{"Z-01 p1", "Z-01 p2", "Z-02 p1", "Z-01 p1"}},
			{"one device", b.keeper, device.IssueFilter{Device: z2}, []string{"Z-02 p1"}},
			{"who holds what now", b.keeper, device.IssueFilter{Open: true}, []string{"Z-01 p1"}},
			{"between two times", b.keeper, device.IssueFilter{From: gatetest.Start.Add(hour), Before: gatetest.Start.Add(3 * hour)}, []string{"Z-02 p1"}},
			{"R-21-1 an officer's own", actor(b.p2, b.d1, access.Officer), device.IssueFilter{}, []string{"Z-01 p2"}},
			{"R-21-1 another department", b.other, device.IssueFilter{}, nil},
		} {
			if d := cmp.Diff(c.want, read(c.a, c.f)); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, d)
			}
		}
	})
}
