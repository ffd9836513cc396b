"""What every route uses: request, visitor, answers, problems, limits, sessions."""
