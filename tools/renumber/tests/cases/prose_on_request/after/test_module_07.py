def test_module_07():
    """MODULE 07"""
