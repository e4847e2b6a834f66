package diagnosis

import "testing"

func TestCode(t *testing.T) {
	t.Parallel()
	for s, passes := range map[string]bool{
		"recording.probe_failed": true, "POST": true, "sealed": true, "h264": true, "": true,
		"zlt_YLXAvjNKt5W-TCRsZ7DSZHyzmVGWkLHohxyHHlDh3fs": false, "abcDEF": false, "13900001111": false, "王小明": false, "a b": false, "1234": false,
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz": false,
	} {
		if got := code(s); (got == s) != passes {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}
