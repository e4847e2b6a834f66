package device_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
)

func sheet(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	var b bytes.Buffer
	err := ledger.Write(&b, ledger.Table{
		Title:   "设备",
		Columns: []ledger.Heading{{Title: "编号"}, {Title: "类型（必填）"}, {Title: "科室*"}, {Title: "序列号"}, {Title: "备注"}},
		Rows: func(yield func([]any, error) bool) {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImport(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		kept := b.register(device.Spec{Label: "Z-01", Serial: "SN1", Note: "旧"})
		same := b.register(device.Spec{Label: "Z-02"})
		foreign := b.register(device.Spec{Label: "Y-01", Department: b.d2})
		_, _ = same, foreign
		file := sheet(t,
			[]any{"Z-03", "执法记录仪", "执法一科", "SN3", ""},
			[]any{"z-01", "执法记录仪", "执法一科", "", "新"},
			[]any{"Z-02", "body_camera", "执法一科", "", ""},
			[]any{"Z-04", "望远镜", "执法一科", "", ""},
			[]any{"Z-05", "无人机", "执法九科", "", ""},
			[]any{"Z-06", "无人机", "执法二科", "", ""},
			[]any{"Z-03", "无人机", "执法一科", "", ""},
			[]any{"Y-01", "执法记录仪", "执法一科", "", ""},
			[]any{"", "无人机", "执法一科", "", ""},
		)
		p, err := b.inv.PreviewDevices(b.ctx, b.keeper, file)
		if err != nil {
			t.Fatal(err)
		}
		wantCount := map[org.Effect]int{org.EffectNew: 1, org.EffectChanged: 1, org.EffectUnchanged: 1, org.EffectWrong: 6}
		if d := cmp.Diff(wantCount, p.Count); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		line := p.Rows[0].Line
		want := []ledger.Problem{
			{Line: line + 3, Column: "kind", Code: device.ProblemKind, Args: []any{"望远镜"}},
			{Line: line + 4, Column: "department", Code: device.ProblemDepartment, Args: []any{"执法九科"}},
			{Line: line + 5, Column: "department", Code: device.ProblemNotYours, Args: []any{"执法二科"}},
			{Line: line + 6, Column: "label", Code: device.ProblemTwice, Args: []any{line}},
			{Line: line + 7, Column: "department", Code: device.ProblemNotYours, Args: []any{"执法二科"}},
			{Line: line + 8, Column: "label", Code: ledger.ProblemEmpty},
		}
		if d := cmp.Diff(want, slices.Clip(p.Problems), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if list, err := b.inv.List(b.ctx, host, device.Filter{}); err != nil || len(list.Items) != 3 {
			t.Fatalf("a preview changes nothing: %v %v", list, err)
		}
		if _, err := b.inv.ApplyDevices(b.ctx, b.other, p.ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("another's import: %v", err)
		}
		count, err := b.inv.ApplyDevices(b.ctx, b.keeper, p.ID)
		if d := cmp.Diff(wantCount, count); d != "" || err != nil {
			t.Fatalf("%v\n%s", err, d)
		}
		got, err := b.inv.Get(b.ctx, b.keeper, kept)
		if err != nil || got.Note != "新" || got.Serial != "SN1" || got.Label != "z-01" {
			t.Fatalf("an empty cell says nothing: %+v %v", got, err)
		}
		if h := b.History(t, "import", string(p.ID)); len(h) != 4 { // preview, one new, one changed, the import
			t.Fatalf("%d entries", len(h))
		}
		if _, err := b.inv.ApplyDevices(b.ctx, b.keeper, p.ID); !fault.HasCode(err, "org.import") {
			t.Fatalf("an import is carried out once: %v", err)
		}
		if _, err := b.inv.PreviewDevices(b.ctx, actor(b.p1, b.d1, access.Officer), file); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("an officer imports: %v", err)
		}
	})
}

func TestImportStale(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		p, err := b.inv.PreviewDevices(b.ctx, b.keeper, sheet(t, []any{"Z-03", "手机", "执法一科", "", ""}))
		if err != nil {
			t.Fatal(err)
		}
		b.register(device.Spec{Label: "Z-03"})
		_, err = b.inv.ApplyDevices(b.ctx, b.keeper, p.ID)
		wantCode(t, err, "org.import_stale")
		var empty bytes.Buffer
		if err := device.Template(&empty); err != nil {
			t.Fatal(err)
		}
		if p, err = b.inv.PreviewDevices(b.ctx, b.keeper, empty.Bytes()); err != nil || p.Count[org.EffectNew] != 1 {
			t.Fatalf("the template must be readable itself: %+v %v", p, err)
		}
	})
}
