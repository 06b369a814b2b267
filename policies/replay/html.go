package replay

import "io"

// HTML writes a report.
func (r *Report) HTML(w io.Writer) error { return nil }
